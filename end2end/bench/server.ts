// The server under test, alone or with a Gateway that says what it is told.
import { Gateway, type Script } from '../support/gateway.ts';
import type { Environment, Parley } from '../support/parley.ts';
import type { Options } from './options.ts';

export async function startParley({ parley, site }: Options, environment: Environment): Promise<Parley> {
  // Which program it starts is read with the module.
  process.env.PARLEY_BIN = parley;
  const { Parley } = await import('../support/parley.ts');
  return Parley.start({ LEPTOS_SITE_ROOT: site, RUST_LOG: 'warn', ...environment });
}

export async function withParley<T>(
  options: Options,
  environment: Environment,
  use: (parley: Parley) => Promise<T>,
): Promise<T> {
  const parley = await startParley(options, environment);
  try {
    return await use(parley);
  } finally {
    await parley.remove();
  }
}

export async function withGateway<T>(options: Options, script: Script, use: (parley: Parley) => Promise<T>): Promise<T> {
  const gateway = await Gateway.start(script);
  try {
    return await withParley(options, gateway.environment, use);
  } finally {
    await gateway.stop();
  }
}
