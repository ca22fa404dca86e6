package generator

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/plan"
	"github.com/holdfast-ha/holdfast/generator/render"
)

// Switch is a change of profile or values, to be planned.
type Switch struct {
	// Options are the release and the Kubernetes version. Their values are not used.
	Options Options
	// Both are the values of both sides. From and To are the values of one side, merged over Both.
	Both, From, To render.Values
	// FromProfile and ToProfile are the profiles of the two sides; empty: the profile in the values of that side. Without
	// either, the profile does not change.
	FromProfile, ToProfile string
	// Installed is the side before the change, instead of From and FromProfile. Both and To are merged over its values.
	// nil: the side before the change is rendered.
	Installed *render.Installed
	// Cluster are the flags by which helm reaches the installed release.
	Cluster []string
	// Live is what is known of the running system before the change.
	Live plan.Live
}

// side is one side of a switch, rendered.
type side struct {
	plan.Side
	profile string
}

// ReadRelease reads a release of this chart from a cluster, without changing anything there.
// Errors of the cluster wrap [render.ErrCluster]; all others are errors of the input.
func (c *Chart) ReadRelease(cluster render.Cluster, namespace, name string) (*render.Installed, error) {
	installed, err := render.ReadRelease(cluster, namespace, name)
	if err != nil {
		return nil, err
	}
	if installed.Chart != c.helm.Name() {
		return nil, fmt.Errorf("release %q is of chart %q, not %q: name its stack", name, installed.Chart, c.helm.Name())
	}
	return &installed, nil
}

// Plan renders both sides of a switch and compares them. If data must migrate, it also renders the state during the migration.
func (c *Chart) Plan(s Switch) (plan.Plan, error) {
	from, err := c.from(s)
	if err != nil {
		return plan.Plan{}, err
	}
	from.Live = s.Live
	to, err := c.to(s, from.profile)
	if err != nil {
		return plan.Plan{}, err
	}
	p, err := plan.Compare(from.Side, to.Side, c.migratesData())
	if err != nil {
		return plan.Plan{}, err
	}
	request := plan.Request{
		Stack: c.source, Chart: c.helm.Name(), Release: s.Options.Release, Namespace: s.Options.Namespace,
		Profile: to.profile, Values: s.valuesFlags(), Live: s.Installed != nil, Cluster: s.Cluster,
	}
	if p.Verdict == plan.Migration {
		request.Migration = s.migrationValues(p, from.profile, to.profile)
		during, err := c.to(s, from.profile, request.Migration...)
		if err != nil {
			return plan.Plan{}, fmt.Errorf("rendering the migration: %w", err)
		}
		request.During = during.Objects
		// After a rename the chart does not find the old servers.
		if !p.MigratesFrom(during.Objects) {
			if p, err = plan.Compare(from.Side, to.Side, false); err != nil {
				return plan.Plan{}, err
			}
			request.Migration, request.During = nil, nil
		}
	}
	return p, p.AddCommands(request)
}

// from returns the side before the switch.
func (c *Chart) from(s Switch) (side, error) {
	if i := s.Installed; i != nil {
		description := fmt.Sprintf("release %s, revision %d, profile %s", s.Options.Release, i.Revision, i.Profile)
		return side{plan.Side{Description: description, Objects: i.Objects}, i.Profile}, nil
	}
	values, err := s.values(s.From, s.FromProfile, "")
	if err != nil {
		return side{}, err
	}
	before, err := c.side(s, values)
	if err != nil {
		return side{}, fmt.Errorf("rendering the side before the switch: %w", err)
	}
	return before, nil
}

// to returns the side after the switch, with more settings over its values.
func (c *Chart) to(s Switch, before string, settings ...string) (side, error) {
	own := s.To
	own.Set = slices.Concat(own.Set, settings)
	values, err := s.values(own, s.ToProfile, before)
	if err != nil {
		return side{}, err
	}
	after, err := c.side(s, values)
	if err != nil {
		return side{}, fmt.Errorf("rendering the side after the switch: %w", err)
	}
	if s.Installed != nil {
		secrets, err := c.keptSecrets(s, values)
		if err != nil {
			return side{}, err
		}
		after.Objects = append(after.Objects, secrets...)
	}
	return after, nil
}

// side renders the chart with values.
func (c *Chart) side(s Switch, values map[string]any) (side, error) {
	o := s.options(values)
	o.NoHooks = true
	objects, err := c.Render(o)
	if err != nil {
		return side{}, err
	}
	profile := c.profileOf(values)
	return side{plan.Side{Description: "profile " + profile, Objects: objects}, profile}, nil
}

// options returns the options of a side with these values. A change of an installed release is rendered for the version
// of its cluster, unless the user chose another one.
func (s Switch) options(values map[string]any) Options {
	o := s.Options
	o.Values = values
	if s.Installed != nil && (o.KubeVersion == "" || o.KubeVersion == render.DefaultKubeVersion) {
		o.KubeVersion = s.Installed.KubeVersion
	}
	return o
}

// keptSecrets returns the Secrets of the installed release that the chart creates once and then keeps.
func (c *Chart) keptSecrets(s Switch, values map[string]any) ([]manifest.Object, error) {
	created, err := c.Secrets(s.options(values))
	if err != nil {
		return nil, err
	}
	var kept []manifest.Object
	for _, o := range s.Installed.Objects {
		if slices.ContainsFunc(created, func(c manifest.Object) bool { return o.Kind == c.Kind && o.Name == c.Name }) {
			kept = append(kept, o)
		}
	}
	return kept, nil
}

// values merges the values of the installed release, of both sides and of one side; the last take precedence. The profile
// is that of the flag, else that of the values, else unset.
func (s Switch) values(own render.Values, flag, unset string) (map[string]any, error) {
	values, err := s.Both.With(own).Merge()
	if err != nil {
		return nil, err
	}
	if s.Installed != nil {
		released, err := s.Installed.Values()
		if err != nil {
			return nil, err
		}
		values = render.Reuse(values, released)
	}
	if _, ok := values["profile"]; flag != "" {
		values["profile"] = flag
	} else if !ok && unset != "" {
		values["profile"] = unset
	}
	return values, nil
}

// valuesFlags are the user's values of the side after the switch, as flags of helm.
func (s Switch) valuesFlags() []string {
	values := s.Both.With(s.To)
	var flags []string
	for _, flag := range []struct {
		name   string
		values []string
	}{{"-f", values.Files}, {"--set", values.Set}, {"--set-string", values.SetString}} {
		for _, value := range flag.values {
			flags = append(flags, flag.name, value)
		}
	}
	return flags
}

// migrationValues returns the assignments that start a migration. Each migration of a release has another id.
func (s Switch) migrationValues(p plan.Plan, from, to string) []string {
	id := from + "-to-" + to
	if s.Installed != nil {
		id = fmt.Sprintf("revision-%d", s.Installed.Revision)
	}
	return []string{"migration.from=" + from, "migration.id=" + id, fmt.Sprintf("migration.servers=%d", p.Servers())}
}

// profileOf returns the profile of values, or the chart's default.
func (c *Chart) profileOf(values map[string]any) string {
	if profile, ok := values["profile"].(string); ok {
		return profile
	}
	profile, _ := c.helm.Values["profile"].(string)
	return profile
}

// migratesData reports whether the chart can migrate data to other disks.
func (c *Chart) migratesData() bool {
	migration, _ := c.helm.Values["migration"].(map[string]any)
	_, from := migration["from"]
	_, id := migration["id"]
	return from && id
}
