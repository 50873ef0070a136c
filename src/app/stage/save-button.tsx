// Saves one side of a comparison as a file.
import type { ReactNode } from "react";
import { SaveIcon } from "../icons";
import type { ShownPicture } from "../shown-picture";
import { useApp } from "../use-app";

interface Props {
  readonly picture: ShownPicture;
  readonly label: string;
}

export function SaveButton({ picture, label }: Props): ReactNode {
  const app = useApp();
  return (
    <button type="button" aria-label={label} title={label} onClick={() => void app.save("png", picture)}>
      <SaveIcon />
    </button>
  );
}
