import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPodKept } from '@dolphin/launcher/domain/pod-fate.js';

test('who asks for an end ends the pod, whatever pod it is', () => {
  for (const isAdopted of [true, false]) {
    for (const isGreeted of [true, false]) assert.equal(isPodKept({ isAsked: true, isAdopted, isGreeted }), false);
  }
});

test('an up that fails leaves a pod that was there before it, or that has served since its greeting', () => {
  assert.equal(isPodKept({ isAsked: false, isAdopted: true, isGreeted: false }), true);
  assert.equal(isPodKept({ isAsked: false, isAdopted: false, isGreeted: true }), true);
});

test('a first start that fails leaves nothing', () => {
  assert.equal(isPodKept({ isAsked: false, isAdopted: false, isGreeted: false }), false);
});
