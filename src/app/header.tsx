// The page's name, what it does, and the button that changes its colours.
import type { ReactNode } from "react";
import { GalleryButton } from "./gallery/gallery-button";
import styles from "./header.module.css";
import { BrandMark, MoonIcon, SunIcon } from "./icons";
import { ModelButton } from "./models/model-button";
import { strings } from "./strings";
import { chooseTheme, useTheme } from "./theme";

export function Header(): ReactNode {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  const label = other === "dark" ? strings.theme.toDark : strings.theme.toLight;
  return (
    <header className={styles["header"]}>
      <span className={styles["mark"]}>
        <BrandMark />
      </span>
      <h1 className={styles["name"]}>{strings.name}</h1>
      <p className={styles["tagline"]}>{strings.tagline}</p>
      <div className={styles["model"]}>
        <ModelButton />
      </div>
      <GalleryButton />
      <button type="button" className="icon-button" aria-label={label} title={label} onClick={() => chooseTheme(other)}>
        {other === "dark" ? <MoonIcon /> : <SunIcon />}
      </button>
    </header>
  );
}
