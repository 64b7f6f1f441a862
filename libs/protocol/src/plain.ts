/**
 * `@dolphin/protocol/plain.js`: what needs no schema. Loading zod and the schemas takes longer than bare Node does; a
 * command that lives for a moment takes its types from the whole package, and its values from here.
 */
export * from './default-addresses.js';
export * from './edge-name.js';
export * from './errors.js';
export * from './loopback.js';
