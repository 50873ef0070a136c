// Says for a moment that something was done, such as a copied link. People who listen hear it from the stage's status.
import { useEffect, type ReactNode } from "react";
import { useApp, useAppState } from "../use-app";
import styles from "./caption.module.css";

const SHOWN_MS = 2_500;

export function JustDone(): ReactNode {
  const app = useApp();
  const done = useAppState((state) => state.done);
  useEffect(() => {
    if (done === undefined) return;
    const timer = setTimeout(() => app.dismissDone(), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [app, done]);
  return done === undefined ? null : (
    <span className={styles["done"]} aria-hidden="true">
      {done}
    </span>
  );
}
