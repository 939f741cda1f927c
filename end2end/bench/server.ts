// The server under test, with or without a Gateway that says what it is told.
import type { Environment, Parley } from '../support/parley.ts';
import { Gateway, type Script } from '../support/gateway.ts';
import type { Options } from './options.ts';

export async function withParley<T>(
  { parley, site }: Options,
  environment: Environment,
  use: (parley: Parley) => Promise<T>,
): Promise<T> {
  // Read when the module is: which program it starts.
  process.env.PARLEY_BIN = parley;
  const { Parley } = await import('../support/parley.ts');
  const started = await Parley.start({ LEPTOS_SITE_ROOT: site, RUST_LOG: 'warn', ...environment });
  try {
    return await use(started);
  } finally {
    await started.remove();
  }
}

export async function withGateway<T>(
  options: Options,
  script: Script,
  use: (parley: Parley, gateway: Gateway) => Promise<T>,
): Promise<T> {
  const gateway = await Gateway.start(script);
  try {
    return await withParley(options, gateway.environment, parley => use(parley, gateway));
  } finally {
    await gateway.stop();
  }
}
