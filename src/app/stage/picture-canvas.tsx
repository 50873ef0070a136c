// A canvas with as many pixels as the picture has. Styles scale it.
import { useEffect, useRef, type ReactNode } from "react";
import type { Picture } from "../../common/picture";

interface Props {
  readonly picture: Picture;
  readonly className: string | undefined;
  /** What the picture shows. Undefined for a canvas that only decorates. */
  readonly label: string | undefined;
}

export function PictureCanvas({ picture, className, label }: Props): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
  }, [picture]);
  const naming = label === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": label };
  return <canvas ref={canvas} width={picture.width} height={picture.height} className={className} {...naming} />;
}
