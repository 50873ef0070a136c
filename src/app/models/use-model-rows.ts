// The panel's rows, made anew only when something about models has changed.
import { useMemo } from "react";
import { useAppState } from "../use-app";
import { modelRows, type ModelRow } from "./state";

export function useModelRows(): readonly ModelRow[] {
  const kept = useAppState(({ models }) => models.kept);
  const activities = useAppState(({ models }) => models.activities);
  const folders = useAppState(({ models }) => models.folders);
  return useMemo(() => modelRows({ kept, activities, folders }), [kept, activities, folders]);
}
