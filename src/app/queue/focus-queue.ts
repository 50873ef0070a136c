// Leads the focus to the first of the pictures that wait. The list is marked for that (waiting-list.tsx).
export function focusQueue(): void {
  document.querySelector<HTMLElement>("[data-waiting] button")?.focus();
}
