// Adds a repository of the hub by its name. What it is is looked at first; nothing large is fetched by that.
import { useId, useRef, useState, type ChangeEvent, type FormEvent, type ReactNode } from "react";
import { isRepositoryName } from "../../common/repository-name";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import { picksFolders } from "./kept-folders";
import { filesOfChooser, openedFile, openedFolder, WEIGHT_FILES } from "./opened-files";
import styles from "./models.module.css";

const TOKEN_FIELD = "hub-access-token";

/** Opens the field for the access token, and goes there. */
export function goToToken(): void {
  const field = document.getElementById(TOKEN_FIELD);
  const details = field?.closest("details");
  if (details) details.open = true;
  field?.focus();
}

export function AddModel(): ReactNode {
  const app = useApp();
  const keepsToken = useAppState(({ models }) => models.keepsToken);
  const hasToken = useAppState(({ models }) => models.hasToken);
  const id = useId();
  const [name, setName] = useState("");
  const [isWrong, setWrong] = useState(false);

  const folder = useRef<HTMLInputElement>(null);
  const file = useRef<HTMLInputElement>(null);

  const asFolder = (input: HTMLInputElement | null): void => {
    folder.current = input;
    // React has no property for it.
    input?.setAttribute("webkitdirectory", "");
  };
  const openFolder = ({ target }: ChangeEvent<HTMLInputElement>): void => {
    const chosen = filesOfChooser(target.files ?? []);
    if (chosen.files.size > 0) void app.useOwn(openedFolder(chosen.folder, chosen.files));
  };
  const openFile = ({ target }: ChangeEvent<HTMLInputElement>): void => {
    const chosen = target.files?.[0];
    if (chosen !== undefined) void app.useOwn(openedFile(chosen));
  };

  const look = (event: FormEvent): void => {
    event.preventDefault();
    const repository = repositoryIn(name);
    setWrong(!isRepositoryName(repository));
    if (!isRepositoryName(repository)) return;
    setName("");
    app.getModel(repository);
  };

  return (
    <form className={styles["add"]} onSubmit={look}>
      <h3>{strings.models.add}</h3>
      <p id={`${id}-hint`}>{strings.models.addHint}</p>
      <div className={styles["line"]}>
        <input
          aria-label={strings.models.addName}
          aria-describedby={`${id}-hint`}
          aria-invalid={isWrong}
          placeholder={strings.models.namePlaceholder}
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit">{strings.models.look}</button>
      </div>
      {isWrong && <p role="alert">{strings.models.notAName}</p>}
      <p>{strings.models.ownHint}</p>
      <div className={styles["actions"]}>
        <button type="button" onClick={() => (picksFolders() ? void app.openFolder() : folder.current?.click())}>
          {strings.models.openFolder}
        </button>
        <button type="button" onClick={() => file.current?.click()}>
          {strings.models.openFile}
        </button>
      </div>
      <input ref={asFolder} type="file" hidden aria-label={strings.models.openFolder} onChange={openFolder} />
      <input ref={file} type="file" hidden accept={WEIGHT_FILES} aria-label={strings.models.openFile} onChange={openFile} />
      <details>
        <summary>{strings.models.token}</summary>
        <p id={`${id}-token`}>{strings.models.tokenHint}</p>
        <input
          id={TOKEN_FIELD}
          type="password"
          aria-label={strings.models.token}
          placeholder={keepsToken && hasToken ? strings.models.tokenIsKept : ""}
          aria-describedby={`${id}-token`}
          autoComplete="off"
          onChange={(event) => void app.useToken(event.target.value.trim())}
        />
        <label className={styles["keeps"]}>
          <input type="checkbox" checked={keepsToken} onChange={({ target }) => void app.keepToken(target.checked)} />
          {strings.models.keepToken}
        </label>
      </details>
    </form>
  );
}

/** People paste addresses of a repository's page too. */
function repositoryIn(text: string): string {
  return text
    .trim()
    .replace(/^https?:\/\/[^/]+\//, "")
    .replace(/\/tree\/([^/]+)\/?$/, "@$1")
    .replace(/\/+$/, "");
}
