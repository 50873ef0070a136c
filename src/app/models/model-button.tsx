// Says which model draws, and opens the panel of models.
import type { ReactNode } from "react";
import { knownFactsOf } from "../known-facts";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import { ModelMark } from "./model-mark";
import styles from "./models.module.css";

export function ModelButton(): ReactNode {
  const app = useApp();
  const id = useAppState((state) => state.draft.model);
  const title = useAppState((state) => knownFactsOf(state)?.title ?? state.draft.model);
  const isGetting = useAppState(({ models }) => [...models.activities.values()].some(({ kind }) => kind === "downloading"));
  return (
    <button
      type="button"
      className={styles["button"]}
      title={strings.models.open}
      aria-haspopup="dialog"
      data-busy={isGetting}
      onClick={() => app.openModels()}
    >
      <ModelMark id={id} small />
      <span className="visually-hidden">{strings.models.label} </span>
      <span className={styles["title"]}>{title}</span>
    </button>
  );
}
