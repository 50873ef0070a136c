// React's view of the store. The app comes through a context, so that a page can hold two of them.
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { invariant } from "../common/errors";
import type { AppState } from "./state";
import type { App } from "./store";

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  invariant(app !== undefined, "components stand inside AppContext");
  return app;
}

export function useAppState<T>(select: (state: AppState) => T): T {
  return useStore(useApp().store, select);
}
