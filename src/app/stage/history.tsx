// The pictures of this visit, with the newest first. Choosing one shows it and sets the controls
// to its recipe.
import type { ReactNode } from "react";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import styles from "./history.module.css";
import { PictureCanvas } from "./picture-canvas";

export function History(): ReactNode {
  const app = useApp();
  const history = useAppState((state) => state.history);
  const shown = useAppState((state) => state.shown);
  if (history.length < 2) return null;
  return (
    <nav className={styles["history"]} aria-label={strings.history}>
      {history.map((drawing, index) => (
        <button
          key={history.length - index}
          type="button"
          className={styles["entry"]}
          aria-label={strings.showAgain(drawing.recipe)}
          aria-current={drawing === shown}
          onClick={() => app.show(drawing)}
        >
          <PictureCanvas picture={drawing.picture} className={styles["thumbnail"]} label={undefined} />
        </button>
      ))}
    </nav>
  );
}
