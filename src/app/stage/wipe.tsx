// Two pictures of one size lie over each other: the first is seen left of a line, the second right of it. The
// line is a slider as large as the picture, so mouse, touch and arrow keys move it.
import { useEffect, useRef, useState, type CSSProperties, type ReactNode } from "react";
import type { Picture } from "../../common/picture";
import type { ShownPicture } from "../shown-picture";
import { strings } from "../strings";
import { PictureCanvas } from "./picture-canvas";
import { SaveButton } from "./save-button";
import styles from "./wipe.module.css";

interface Props {
  readonly without: ShownPicture;
  readonly with: ShownPicture;
  /** What there is of the steered picture while it is drawn again. */
  readonly preview: Picture | undefined;
}

export function Wipe({ without, with: steered, preview }: Props): ReactNode {
  const [percent, setPercent] = useState(50);
  const wipe = useRef<HTMLDivElement>(null);
  // On a small screen the picture may be out of sight, because the button that asked for it is far below.
  useEffect(() => {
    // The braces keep React from a promise that newer browsers return, which is no clean-up.
    wipe.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const line: CSSProperties & Record<"--line", string> = { "--line": `${percent}%` };
  return (
    <div ref={wipe} className={styles["wipe"]} style={line}>
      <PictureCanvas
        picture={without.picture}
        className={styles["side"]}
        label={strings.pictureOf(without.recipe, strings.sides.without.name)}
      />
      <PictureCanvas
        picture={preview ?? steered.picture}
        className={styles["covering"]}
        label={strings.pictureOf(steered.recipe, strings.sides.with.name)}
      />
      <input
        type="range"
        min={0}
        max={100}
        value={percent}
        aria-label={strings.wipe}
        aria-valuetext={strings.wipeAt(percent)}
        onChange={(event) => setPercent(event.target.valueAsNumber)}
      />
      <div className={styles["line"]} aria-hidden="true">
        <span className={styles["handle"]} />
      </div>
      <SideLabel side="without" picture={without} />
      <SideLabel side="with" picture={steered} />
    </div>
  );
}

function SideLabel({ side, picture }: { readonly side: "without" | "with"; readonly picture: ShownPicture }): ReactNode {
  const { name, shortName } = strings.sides[side];
  return (
    <div className={styles["label"]}>
      <span className={styles["name"]}>{name}</span>
      <span className={styles["short-name"]}>{shortName}</span>
      <SaveButton picture={picture} label={strings.saveSide(name)} />
    </div>
  );
}
