// Leads the focus to the picture. The figure is made for that (stage.tsx), but is not in the order of the Tab key.
export function focusPicture(): void {
  document.querySelector<HTMLElement>("figure[tabindex]")?.focus({ preventScroll: true });
}
