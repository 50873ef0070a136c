// Dark or light colours. The system decides until the visitor does. Their choice is kept where
// the browser lets the page keep things, and forgotten where it does not.
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const KEY = "onestroke-theme";
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function chosen(): Theme | undefined {
  const value = document.documentElement.dataset["theme"];
  return value === "light" || value === "dark" ? value : undefined;
}

function current(): Theme {
  return chosen() ?? (systemDark.matches ? "dark" : "light");
}

export function restoreTheme(): void {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === "light" || kept === "dark") document.documentElement.dataset["theme"] = kept;
  } catch {
    // The browser denies storage, so the system decides.
  }
}

export function chooseTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The browser denies storage, so the choice lasts for this visit.
  }
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    systemDark.addEventListener("change", listener);
    return () => {
      listeners.delete(listener);
      systemDark.removeEventListener("change", listener);
    };
  }, current);
}
