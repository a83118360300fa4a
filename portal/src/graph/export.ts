/** What is on the screen as a file: SVG, PNG and Mermaid. */
import { saveFile } from "../api/client.ts";
import { writeSvg } from "./write.ts";
import type { Scene } from "./scene.ts";

const MOST_PIXELS = 8192;

export function saveSvg(scene: Scene, name: string): void {
  saveFile(new Blob([writeSvg(scene)], { type: "image/svg+xml" }), `${name}.svg`);
}

export function saveText(text: string, name: string): void {
  saveFile(new Blob([text], { type: "text/plain" }), name);
}

export async function savePng(scene: Scene, name: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(writeSvg(scene))}`;
  await image.decode();
  const scale = Math.min(2, MOST_PIXELS / Math.max(scene.box.width, scene.box.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(scene.box.width * scale);
  canvas.height = Math.ceil(scene.box.height * scale);
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  const content = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!content) throw new Error("the picture is too large for this browser; take the SVG");
  saveFile(content, `${name}.png`);
}
