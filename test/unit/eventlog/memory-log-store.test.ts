import { MemoryLogStore } from '@dolphin/eventlog';
import { logStoreContract } from '../../contracts/log-store-contract.js';

logStoreContract('the memory store', async () => {
  const store = new MemoryLogStore();
  return {
    store,
    farm: 'main',
    appendRaw: async (subject, data) => {
      store.appendRaw(subject, data);
    },
    stray: async (subject) => {
      store.appendRaw(subject, Buffer.from('{"stream":"another","seq":1}'), '');
    },
    recreate: async () => store.create(),
  };
});
