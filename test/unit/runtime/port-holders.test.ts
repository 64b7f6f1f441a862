import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parsePortHolders } from '@dolphin/runtime';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:8234 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0000 100 0 0 10 0
   1: 0200007F:8235 0100007F:0790 01 00000000:00000000 00:00000000 00000000     0        0 778 1 0000 20 4 30 10 -1
   2: 0100007F:8236 0100007F:0790 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0000
`;

it('who has a port is read from the table of the kernel', () => {
  assert.deepEqual(parsePortHolders(0x8234, TABLE), [{ listening: true, inode: 777, localAddress: '0100007F' }]);
  assert.deepEqual(parsePortHolders(0x8235, TABLE), [{ listening: false, inode: 778, localAddress: '0200007F' }]);
  assert.deepEqual(parsePortHolders(0x8236, TABLE), []);
  assert.deepEqual(parsePortHolders(1, 'garbage\n\x00\n'), []);
});
