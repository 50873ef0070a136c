// The element's own style. A page changes it through parts, and through the element's font and colours, which are inherited.
// A constructed sheet is no inline style, which strict policies forbid.

export const SHEET = new CSSStyleSheet();

SHEET.replaceSync(`
  :host { display: inline-block; position: relative; overflow: hidden; width: 256px; max-width: 100%; aspect-ratio: 1; background: color-mix(in srgb, currentcolor 8%, transparent); }
  :host([hidden]) { display: none; }
  [hidden] { display: none !important; }
  canvas, ::slotted(*) { display: block; width: 100%; height: 100%; object-fit: contain; }
  [part=note] { position: absolute; inset: auto 0 0 0; box-sizing: border-box; max-height: 100%; overflow: auto; padding: 0.6em 0.8em; display: grid; gap: 0.5em; font-size: max(0.8em, 12px); line-height: 1.4; background: Canvas; color: CanvasText; }
  progress { width: 100%; accent-color: currentcolor; }
  button { font: inherit; justify-self: start; padding: 0.4em 0.9em; min-height: 2.4em; cursor: pointer; }
`);
