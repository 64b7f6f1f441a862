import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fromRoot } from '../support/paths.js';
import { startProcess } from '../support/processes.js';

const runtime = fromRoot('libs/runtime/dist/index.js');

function startScript(t: TestContext, script: string, env: Record<string, string> = {}) {
  const args = ['--input-type=module', '-e', `import * as runtime from '${runtime}'; ${script}`];
  return startProcess(t, process.execPath, args, { env: { ...process.env, ...env } });
}

describe('a process on the runtime', () => {
  it('hears SIGTERM and SIGINT, and opens no debugger at SIGUSR1', async (t) => {
    const script = `
      runtime.onTermination((signal) => { console.log(signal); if (signal === 'SIGTERM') process.exit(0); });
      setInterval(() => undefined, 1000);
      console.log('ready');`;
    const child = startScript(t, script);
    await child.printed(/ready/);
    child.kill('SIGUSR1');
    child.kill('SIGINT');
    await child.printed(/SIGINT/);
    assert.deepEqual(await child.stop('SIGTERM'), { code: 0, signal: null });
    assert.match(child.stdout(), /SIGTERM/);
    assert.doesNotMatch(child.stderr(), /Debugger/);
  });

  it('logs JSON lines on stderr with its component, to its last word', async (t) => {
    const script = `
      const logger = runtime.createLogger({ component: 'pod' });
      logger.debug('too small'); logger.info({ edge: 'stream-0' }, 'ready'); logger.fatal('dies'); process.kill(process.pid, 'SIGKILL');`;
    const child = startScript(t, script, { DOLPHIN_LOG_LEVEL: 'info' });
    await child.ends();
    const lines = child
      .stderr()
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    assert.equal(lines.length, 2);
    const [first] = lines as Record<string, unknown>[];
    assert.deepEqual([first?.['component'], first?.['edge'], first?.['msg']], ['pod', 'stream-0', 'ready']);
    assert.equal(child.stdout(), '');
  });

  it('takes its level from the caller before the environment, and says when it knows no such level', async (t) => {
    const level = async (call: string, env: string) => {
      const child = startScript(t, `${call}.debug('seen')`, { DOLPHIN_LOG_LEVEL: env });
      await child.ends();
      return child.stderr();
    };
    assert.match(await level("runtime.createLogger({ component: 'x', level: 'debug' })", 'error'), /seen/);
    assert.doesNotMatch(await level("runtime.createLogger({ component: 'x' })", 'error'), /seen/);
    assert.match(await level("runtime.createLogger({ component: 'x' })", 'loud'), /unknown log level.*$/m);
  });

  it('logs at the level that its component was given', async (t) => {
    const script = `
      const logger = runtime.createLogger({ component: 'master' });
      const [api, leader] = [runtime.componentLogger(logger, 'api'), runtime.componentLogger(logger, 'leader')];
      for (const one of [logger, api, leader]) { one.debug('looks'); one.info('acts'); }`;
    const child = startScript(t, script, { DOLPHIN_LOG_LEVEL: 'warn,master.leader=debug,master.api=info' });
    await child.ends();
    const lines = child.stderr().trim().split('\n');
    const said = lines.map((line) => JSON.parse(line) as { component: string; msg: string });
    assert.deepEqual(
      said.map(({ component, msg }) => `${component} ${msg}`),
      ['master.api acts', 'master.leader looks', 'master.leader acts'],
    );
  });

  it('writes no secret on stderr, as JSON or for people', async (t) => {
    for (const pretty of [false, true]) {
      const script = `
        const logger = runtime.createLogger({ component: 'worker', pretty: ${pretty} });
        const url = 'nats://h1:s3cret@127.0.0.1:4222';
        logger.info({ servers: [url], token: 's3cret', bus: { password: 's3cret', options: { pass: 's3cret' } } }, 'at ' + url);
        logger.warn({ err: new Error('no answer of ' + url) }, 'Authorization: Bearer s3cret');
        runtime.componentLogger(logger, 'bus').error({ authorization: 's3cret', user: 'h1' }, 'refused');`;
      const child = startScript(t, script);
      await child.ends();
      assert.match(child.stderr(), /127\.0\.0\.1:4222[\s\S]*no answer[\s\S]*refused/);
      assert.doesNotMatch(child.stderr(), /s3cret/);
    }
  });
});
