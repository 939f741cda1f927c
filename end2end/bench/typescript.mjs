// Lets plain Node run the TypeScript of this folder: `node --import ./bench/typescript.mjs bench/page.ts`. Newer ones can
// do so by themselves, but Node 20 is what is asked for.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

// The hooks live in a thread of their own, which loads this file once more.
if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const { default: typescript } = await import('typescript');
  const { ModuleKind, ScriptTarget, transpileModule } = typescript;
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, inlineSourceMap: true };
  const text = await readFile(fileURLToPath(url), 'utf8');
  const { outputText: source } = transpileModule(text, { compilerOptions, fileName: url });
  return { format: 'module', source, shortCircuit: true };
}
