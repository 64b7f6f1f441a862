import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { noMachines, startNet } from '../support/netns.js';
import { fromRoot } from '../support/paths.js';
import { isAlive, run, startProcess } from '../support/processes.js';

const skip = noMachines();

test('machines of a test are alone with their loopback and the bridge, and see no processes but their own', {
  skip,
}, async (t) => {
  const net = await startNet(t);
  const [one, two] = [await net.machine(), await net.machine()];
  const seen = one.start('sh', ['-c', 'cat /proc/[0-9]*/comm; ip -brief link']);
  await seen.ends();
  const [links, processes] = [seen.stdout().match(/^\w+(?=[@ ])/gm), seen.stdout().match(/^\w+$/gm)];
  assert.deepEqual(
    [links, processes],
    [
      ['lo', 'eth0'],
      ['sleep', 'sh'],
    ],
  );
  assert.notEqual(one.address, two.address);
  await two.end();
  await one.end();
});

test('a test that is killed leaves no machine, no process and no link', { skip }, async (t) => {
  const script = `
    const { startNet } = await import('${fromRoot('test/dist/support/netns.js')}');
    const net = await startNet({ after() {} });
    const machine = await net.machine();
    const inner = machine.start('sleep', ['infinity']);
    console.log('pid', inner.pid, 'link dol' + process.pid);
    setInterval(() => {}, 1000);`;
  const killed = startProcess(t, process.execPath, ['--input-type=module', '-e', script]);
  const [, pid, link = ''] = await killed.printed(/pid (\d+) link (\w+)/);
  const hasLink = async () => (await run(t, 'ip', ['link', 'show', link])).code === 0;
  assert.equal(await hasLink(), true);
  await killed.stop('SIGKILL');
  await eventually(() => !isAlive(Number(pid)), { what: 'what ran on the machine is gone' });
  await eventually(async () => !(await hasLink()), { what: 'the link is gone' });
});
