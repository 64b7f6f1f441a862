import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinCommand, nextHostName } from '@dolphin/launcher/domain/join-command.js';
import { Invitation } from '@dolphin/protocol';

const invitation: Invitation = { v: 1, farm: 'main', host: 'h2', nats: 'nats://10.0.0.1:14222', password: 'se-cr_et' };

test('the invitation goes in by stdin, from a command that is part of the shell', () => {
  const line = joinCommand(invitation, { rtmp: 19350, http: 8088 });
  const [, json] = /^printf %s '([^']*)' \| \.\/dolphin worker --join -$/.exec(line) ?? [];
  assert.deepEqual(Invitation.parse(JSON.parse(json ?? '')), invitation);
});

test('other public ports than the usual are those of every host', () => {
  assert.match(joinCommand(invitation, { rtmp: 19350, http: 80 }), / --join - --http 80$/);
  assert.match(joinCommand(invitation, { rtmp: 1, http: 2 }), / --join - --rtmp 1 --http 2$/);
});

test('what would end the quotes of a shell is not printed as a command', () => {
  assert.throws(() => joinCommand({ ...invitation, password: "x'; rm -rf /" }, { rtmp: 1, http: 2 }), RangeError);
});

test('the next host gets the first name that nobody has', () => {
  assert.equal(nextHostName(new Set(['gamma'])), 'host-2');
  assert.equal(nextHostName(new Set(['gamma', 'host-2', 'host-4'])), 'host-3');
});
