// What has the focus may go, as a button does with its row, or be disabled, and the focus would fall to the page's beginning. It goes to what
// has come into that place, or stands next to it. Whoever takes the focus elsewhere has done so before.

const FOCUSABLE = "button, a[href], input, select, textarea, summary, [tabindex]";

/** An element that something was in, and the place of that among its children. */
interface Place {
  readonly element: Element;
  readonly index: number;
}

export function keepFocus(): void {
  /** Where the focus is, from the inside out; empty where nobody has put it anywhere. */
  let places: readonly Place[] = [];
  let focused: Element | undefined;

  addEventListener("focusin", ({ target }) => {
    if (!(target instanceof Element)) return;
    focused = target;
    places = placesOf(target);
  });
  addEventListener("focusout", ({ target }) => {
    // Some browsers say this of what is about to go, too.
    queueMicrotask(() => {
      if (target === focused && focused?.isConnected === true && isNowhere()) focused = undefined;
    });
  });
  new MutationObserver(() => {
    if (focused === undefined) return;
    const isLost = focused.isConnected ? focused.matches(":disabled") : true;
    // A browser may say for a while that a disabled element has it.
    if (!isLost || !(isNowhere() || document.activeElement === focused)) return;
    focused = undefined;
    nearest(places)?.focus();
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
}

function isNowhere(): boolean {
  const { activeElement } = document;
  return activeElement === null || activeElement === document.body || activeElement instanceof HTMLDialogElement;
}

function placesOf(element: Element): readonly Place[] {
  const places: Place[] = [];
  for (let child = element; child.parentElement !== null; child = child.parentElement) {
    places.push({ element: child.parentElement, index: [...child.parentElement.children].indexOf(child) });
  }
  return places;
}

function nearest(places: readonly Place[]): HTMLElement | undefined {
  for (const { element, index } of places.filter(({ element }) => element.isConnected)) {
    const children = [...element.children];
    for (const child of [...children.slice(index), ...children.slice(0, index).toReversed()]) {
      const found = [child, ...child.querySelectorAll(FOCUSABLE)].find(canHaveFocus);
      if (found !== undefined) return found;
    }
    // What is behind an open dialog cannot have it.
    if (element instanceof HTMLDialogElement) return undefined;
  }
  return undefined;
}

function canHaveFocus(element: Element): element is HTMLElement {
  const isOperated = element instanceof HTMLElement && element.matches(FOCUSABLE) && !element.matches(":disabled, [tabindex='-1']");
  return isOperated && element.checkVisibility({ visibilityProperty: true });
}
