package secrets

import (
	"crypto/rand"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// The keys of a Secret with a user. The prefixes name the second user during a rotation; the other keys follow from these.
const (
	usernameKey = "username"
	passwordKey = "password"
	systemKey   = "system-password"
	next        = "next-"
	previous    = "previous-"
)

// passwords takes a step in the rotation of the user: servers accept two users in between.
func (u *update) passwords() error {
	if u.RotatePassword == "" {
		return nil
	}
	i := slices.IndexFunc(u.all, func(s Secret) bool { return s.Data[usernameKey] != "" && s.Data[passwordKey] != "" })
	if i < 0 {
		return fmt.Errorf("this release has no user of its own: it is in eventBus.auth.existingSecret")
	}
	before := u.all[i]
	source := sourceOf(before)
	if err := u.expectGenerated(before, source); err != nil {
		return err
	}
	if err := u.rotate(before.Name, source.Data); err != nil {
		return fmt.Errorf("Secret %s: %w", before.Name, err)
	}
	after, err := u.generate(source)
	if err != nil {
		return err
	}
	u.all[i].Data = after.Data
	return nil
}

// sourceOf returns the Secret with only the keys that the others follow from.
func sourceOf(s Secret) Secret {
	s.Data = maps.Clone(s.Data)
	maps.DeleteFunc(s.Data, func(key, _ string) bool {
		_, user, second := strings.Cut(key, "-")
		if !second || key == systemKey {
			user = key
		}
		return !slices.Contains([]string{usernameKey, passwordKey, systemKey}, user)
	})
	return s
}

// generate returns a Secret with all keys that follow from its source.
func (u *update) generate(source Secret) (Secret, error) {
	all, err := u.render([]Secret{source})
	if err != nil {
		return Secret{}, err
	}
	return all[index(all, source.Name)], nil
}

// expectGenerated: a Secret that a person has edited would lose the edits.
func (u *update) expectGenerated(s, source Secret) error {
	generated, err := u.generate(source)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(s.Data)) {
		if strings.TrimSpace(generated.Data[key]) != strings.TrimSpace(s.Data[key]) {
			return fmt.Errorf("Secret %s: %s was edited: rotate this user by hand, with both passwords in users.conf and leaf.conf in between", s.Name, key)
		}
	}
	return nil
}

func (u *update) rotate(name string, data map[string]string) error {
	_, hasNext := data[next+usernameKey]
	_, hasPrevious := data[previous+usernameKey]
	switch u.RotatePassword {
	case Add:
		switch {
		case hasNext:
			return nil
		case hasPrevious:
			return fmt.Errorf("the user of an earlier rotation is still accepted: run --rotate-password drop first")
		}
		data[next+usernameKey], data[next+passwordKey] = "events-"+strings.ToLower(random(6)), random(32)
		u.note("Secret %s: servers accept a second user. Next: apply, wait until all servers have it, then --rotate-password use", name)
	case Use:
		switch {
		case hasPrevious:
			return nil
		case !hasNext:
			return fmt.Errorf("there is no new user: run --rotate-password add first")
		}
		for _, key := range []string{usernameKey, passwordKey} {
			data[previous+key], data[key] = data[key], data[next+key]
			delete(data, next+key)
		}
		data[systemKey] = random(32)
		u.note("Secret %s: clients use the new user, and sys has a new password. Next: apply, wait until all clients have restarted, then --rotate-password drop", name)
	case Drop:
		switch {
		case hasNext:
			return fmt.Errorf("clients use the old user: run --rotate-password use first")
		case !hasPrevious:
			return nil
		}
		delete(data, previous+usernameKey)
		delete(data, previous+passwordKey)
		u.note("Secret %s: servers accept the new user only. The rotation is complete when this is applied", name)
	}
	return nil
}

// random returns n random letters and digits.
func random(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var text strings.Builder
	for range n {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err) // crypto/rand does not fail on supported systems
		}
		text.WriteByte(letters[i.Int64()])
	}
	return text.String()
}
