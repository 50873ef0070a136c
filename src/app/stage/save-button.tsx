// Saves a picture as a file, and says so where the browser cannot write it.
import type { ReactNode } from "react";
import type { Drawing } from "../../common/drawing";
import { SaveIcon } from "../icons";
import { savePng } from "../save";
import { strings } from "../strings";
import { useApp } from "../use-app";

interface Props {
  readonly drawing: Drawing;
  readonly label: string;
  readonly className?: string;
}

export function SaveButton({ drawing, label, className }: Props): ReactNode {
  const app = useApp();
  const save = (): void => {
    app.remark(undefined);
    savePng(drawing).catch((reason: unknown) => app.remark(strings.notSaved(String(reason))));
  };
  return (
    <button type="button" className={className} aria-label={label} title={label} onClick={save}>
      <SaveIcon />
    </button>
  );
}
