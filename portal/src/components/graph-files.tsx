/** What is on the screen as files. */
import { savePng, saveSvg, saveText } from "../graph/export.ts";
import type { Scene } from "../graph/scene.ts";
import { writeMermaid } from "../graph/write.ts";

export function GraphFiles({ scene, name }: { scene: Scene; name: string }) {
  return (
    <div class="filters">
      <button type="button" onClick={() => saveSvg(scene, name)}>
        Save SVG
      </button>
      <button type="button" onClick={() => savePng(scene, name)}>
        Save PNG
      </button>
      <button type="button" onClick={() => saveText(writeMermaid(scene), `${name}.mmd`)}>
        Save Mermaid
      </button>
    </div>
  );
}
