// Returns the texts of the page with too little contrast to their background, and how many texts were examined.
(() => {
  // A canvas converts all notations of colors.
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const behind = (e) => {
    if (e.closest("svg") && e.tagName === "text") {
      const fill = channels(getComputedStyle(e.parentElement.querySelector("use")).fill);
      if (fill[3] === 255) return fill;
    }
    for (let at = e; at; at = at.parentElement) {
      const c = channels(getComputedStyle(at).backgroundColor);
      if (c[3] === 255) return c;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const low = new Set();
  let looked = 0;
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !e.checkVisibility() || e.closest("script, style, .shapes")) continue;
    const style = getComputedStyle(e);
    const ratio = contrast(channels(e.closest("svg") ? style.fill : style.color), behind(e));
    looked++;
    if (ratio < 4.5) low.add(`${ratio.toFixed(2)} to 1: ${e.tagName} ${e.className?.baseVal ?? e.className} "${walker.currentNode.textContent.trim().slice(0, 30)}"`);
  }
  return { looked, low: [...low].slice(0, 10) };
})()
