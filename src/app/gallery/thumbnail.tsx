// The small copy of a kept picture. The browser decodes it when it comes near the window, and away from the page's own work.
import type { ReactNode } from "react";
import type { GalleryEntry } from "./entry";

/** Addresses of small copies. They are made once, so that a picture that is shown again is not decoded again. */
const addresses = new WeakMap<Blob, string>();

function addressOf(thumbnail: Blob): string {
  const known = addresses.get(thumbnail);
  if (known !== undefined) return known;
  const address = URL.createObjectURL(thumbnail);
  addresses.set(thumbnail, address);
  return address;
}

interface Props {
  readonly entry: GalleryEntry;
  readonly className: string | undefined;
  /** Is called once it can be painted, or never will be. */
  readonly onDecoded?: () => void;
}

/** It only decorates: what it stands in says what the picture is. */
export function Thumbnail({ entry, className, onDecoded }: Props): ReactNode {
  const { width, height } = entry.recipe;
  return (
    <img
      src={addressOf(entry.thumbnail)}
      width={width}
      height={height}
      alt=""
      className={className}
      loading="lazy"
      decoding="async"
      draggable={false}
      onLoad={onDecoded && (({ currentTarget }) => void currentTarget.decode().then(onDecoded, onDecoded))}
    />
  );
}
