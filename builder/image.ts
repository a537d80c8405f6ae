/** The image of a build: layers in order, config, processes; recorded under its digest. */
import { APP_GID, APP_HOME, APP_UID, type BuildRequest, type Image, type Layer } from "../core/index.ts";
import { imageDigest } from "./identity.ts";
import { languageKey, runtimeInputs } from "./language.ts";
import type { MadeLayers } from "./layers.ts";
import type { Parts } from "./parts.ts";
import type { PlannedBuild } from "./planning.ts";
import { liesAboveApp } from "./resolve.ts";

export function composeImage(parts: Parts, request: BuildRequest, planned: PlannedBuild, layers: MadeLayers): Image {
  const { plan, steps } = planned.build;
  const content = {
    layers: stack(planned, layers),
    config: { env: { ...plan.env, HOME: APP_HOME }, workingDirectory: APP_HOME, uid: APP_UID, gid: APP_GID },
    processes: plan.processes,
  };
  const digest = imageDigest(content);
  // The first record stays: what runs may stand on the directories that it names.
  const known = parts.images.find(digest);
  const image = known !== null && isWhole(parts, known.image) ? known.image : { digest, ...content };
  parts.images.save({ image, createdMs: parts.now() });
  const used = [...new Set([...image.layers.map(({ id }) => id), planned.build.app, ...[...layers.steps.values()].map(({ id }) => id)])];
  parts.store.touch(used);
  parts.images.saveLastBuild(request.environment, {
    digest,
    steps: Object.fromEntries(steps.map((step) => [step.plan.name, step.inputs])),
    runtime: Object.fromEntries(planned.build.imageLanguages.map((language) => [languageKey(language), runtimeInputs([language])])),
    salt: planned.salt,
    layers: used,
  });
  return image;
}

/** What saw the source lies above it, what did not lies below: the app's own files win over installed ones. */
function stack(planned: PlannedBuild, { base, languages, app, steps }: MadeLayers): readonly Layer[] {
  const { plan } = planned.build;
  const chosen = plan.steps.filter(({ name }) => plan.imageSteps.includes(name));
  const layerOf = (step: (typeof chosen)[number]): Layer[] => {
    const layer = steps.get(step.name);
    return layer === undefined ? [] : [layer];
  };
  return [
    base,
    ...languages,
    ...chosen.filter((step) => !liesAboveApp(step)).flatMap(layerOf),
    ...(plan.imageHasSource ? [app] : []),
    ...chosen.filter(liesAboveApp).flatMap(layerOf),
  ];
}

/** Whether everything that it stands on is there. */
export function isWhole(parts: Parts, image: Image): boolean {
  return image.layers.every((layer) =>
    layer.directories.every((directory) => parts.store.holds(directory) || parts.cache.holds(directory)),
  );
}
