// Wide tables and long lines of code can be scrolled with the keys too. The theme does so for code, and only where there is a mouse.
const boxes = ".md-typeset__scrollwrap, .md-typeset pre > code"
const focusable = box => {
  if (box.scrollWidth > box.clientWidth && !box.hasAttribute("tabindex")) box.tabIndex = 0
}
const sizes = new ResizeObserver(changes => changes.forEach(({ target }) => focusable(target)))
const seen = new WeakSet()
const watch = () => {
  for (const box of document.querySelectorAll(boxes)) {
    if (seen.has(box)) focusable(box)
    else sizes.observe(box)
    seen.add(box)
  }
}
watch()
new MutationObserver(watch).observe(document.body, { attributeFilter: ["tabindex"], childList: true, subtree: true })
