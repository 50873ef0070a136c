// Takes a picture to draw over with the camera.
import { useState, type ReactNode } from "react";
import controls from "../controls/controls.module.css";
import { exploring } from "../strings-exploring";
import { useApp } from "../use-app";
import { hasCameras } from "./camera";

const says = exploring.start.camera;

export function CameraButton(): ReactNode {
  const app = useApp();
  const [isTaking, setTaking] = useState(false);
  if (!hasCameras()) return null;
  const take = async (): Promise<void> => {
    if (isTaking) return;
    setTaking(true);
    await app.startFromCamera();
    setTaking(false);
  };
  return (
    <button type="button" className={controls["link"]} title={says.about} aria-disabled={isTaking} onClick={() => void take()}>
      {isTaking ? says.taking : says.use}
    </button>
  );
}
