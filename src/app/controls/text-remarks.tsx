// Says under a field how much of its text was read, and which of its words the model does not know. The field names
// this element as its description, so it is read with the field and interrupts nobody.
import { useEffect, useState, type ReactNode } from "react";
import { readBeforeCut } from "../cut-text";
import { unknownWords } from "../known-words";
import { outlineOf } from "../model-outline";
import { strings } from "../strings";
import { useAppState } from "../use-app";
import styles from "./controls.module.css";

/** A pause longer than those between two keys, so that no word is remarked on while it is typed. */
const PAUSE_MS = 600;

export function TextRemarks({ id, field }: { readonly id: string; readonly field: "prompt" | "negative" }): ReactNode {
  const read = useAppState(({ draft, shown }) => readBeforeCut(field, draft, shown));
  const text = useAfterPause(useAppState(({ draft }) => draft[field]));
  const known = useAppState((state) => state.knownWords);
  const title = useAppState((state) => outlineOf(state)?.title);
  const unknown = known === undefined || title === undefined ? [] : unknownWords(text, known);
  return (
    <div id={id} className={styles["remarks"]}>
      {read !== undefined && <p>{strings.textCut(read)}</p>}
      {title !== undefined && unknown.length > 0 && <p>{strings.unknownWords(title, unknown)}</p>}
    </div>
  );
}

/** The value as it was when it last stayed the same for a pause. */
function useAfterPause<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
