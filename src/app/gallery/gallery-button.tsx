// Opens the gallery.
import type { ReactNode } from "react";
import { GalleryIcon } from "../icons";
import { keeping } from "../strings-keeping";
import { useApp } from "../use-app";

export function GalleryButton(): ReactNode {
  const app = useApp();
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={keeping.openGallery}
      title={keeping.openGallery}
      aria-haspopup="dialog"
      onClick={() => app.gallery.openGallery()}
    >
      <GalleryIcon />
    </button>
  );
}
