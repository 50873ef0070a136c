// Adds a repository of the hub by its name. What it is is looked at first; nothing large is fetched by that.
import { useId, useState, type FormEvent, type ReactNode } from "react";
import { isRepositoryName } from "../../common/repository-name";
import { strings } from "../strings";
import { useApp } from "../use-app";
import styles from "./models.module.css";

export function AddModel(): ReactNode {
  const app = useApp();
  const id = useId();
  const [name, setName] = useState("");
  const [isWrong, setWrong] = useState(false);

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
          placeholder="owner/name"
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit">{strings.models.look}</button>
      </div>
      {isWrong && <p role="alert">{strings.models.notAName}</p>}
      <details>
        <summary>{strings.models.token}</summary>
        <p id={`${id}-token`}>{strings.models.tokenHint}</p>
        <input
          type="password"
          aria-label={strings.models.token}
          aria-describedby={`${id}-token`}
          autoComplete="off"
          onChange={(event) => app.useToken(event.target.value.trim())}
        />
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
