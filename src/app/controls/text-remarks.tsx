// What there is to say about a text, calmly and under its field: how much of it was read, and which of its words the model
// does not know. The field names this element as its description, so it is read with the field and interrupts nobody.
import { useEffect, useState, type ReactNode } from "react";
import { readBeforeCut } from "../cut-text";
import { unknownWords } from "../known-words";
import { outlineOf } from "../model-outline";
import { strings } from "../strings";
import { useAppState } from "../use-app";
import styles from "./controls.module.css";

/** As long as someone pauses between two words, so that a word is not remarked on while it is being typed. */
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

/** A value that changes often, once it has rested. */
function useAfterPause<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
