// A model's sign: one brush stroke on a ground whose colours come from the model's name. Published pictures are not ours to show.
import type { CSSProperties, ReactNode } from "react";
import styles from "./models.module.css";

interface Props {
  readonly id: string;
  readonly small?: boolean;
}

export function ModelMark({ id, small = false }: Props): ReactNode {
  const hue = hueOf(id);
  const colours: CSSProperties & Record<`--${string}`, string> = { "--hue": String(hue), "--turn": `${(hue * 7) % 360}deg` };
  return (
    <span className={styles["mark"]} data-small={small} style={colours} aria-hidden="true">
      <svg viewBox="0 0 32 32" fill="none">
        <path d={STROKES[hue % STROKES.length]} stroke="currentColor" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
      </svg>
    </span>
  );
}

const STROKES = [
  "M5 22c6-1 7.500-13 12.500-13 4.500 0 .5 10.500 5 10.500 2.200 0 3.500-1.700 5-4.500",
  "M6 9c9-3 17-1 16 5-1 5-12 3-12 8 0 3 7 3.500 15 1",
  "M7 24C7 13 12 7 17 8c5 1 3 8-1 8-3 0-4-3-1-4 4-1.500 8 2 10 9",
  "M5 17c3-7 7-9 9-6 2 4-3 9-1 11 3 3 7-13 11-12 2 .5 2 4 3 7",
] as const;

function hueOf(id: string): number {
  let hash = 7;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3_600;
  return hash % 360;
}
