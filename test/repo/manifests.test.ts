import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DOLPHIN_VERSION } from '@dolphin/protocol';
import { manifestOf, packageDirs, readRepo } from './workspace.js';

interface LockedPackage {
  version?: string;
  resolved?: string;
  link?: boolean;
  optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(readRepo('package-lock.json')) as { packages: Record<string, LockedPackage> };

describe('package.json files', () => {
  test('all say the version of the build', () => {
    for (const dir of ['.', ...packageDirs()]) assert.equal(manifestOf(dir).version, DOLPHIN_VERSION, dir);
    for (const dir of packageDirs()) assert.equal(lock.packages[dir]?.version, DOLPHIN_VERSION, `lock of ${dir}`);
  });

  test('every dependency is pinned to one version', () => {
    for (const dir of ['.', ...packageDirs()]) {
      const manifest = JSON.parse(readRepo(`${dir}/package.json`)) as Record<
        string,
        Record<string, string> | undefined
      >;
      const all = { ...manifest['dependencies'], ...manifest['devDependencies'] };
      for (const [name, version] of Object.entries(all)) {
        assert.match(version, /^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+$/, `${dir}: ${name}`);
        if (name.startsWith('@dolphin/')) assert.equal(version, DOLPHIN_VERSION, `${dir}: ${name}`);
      }
    }
  });

  test('the oldest Node that they allow is the one that ./dolphin asks for', () => {
    const { engines } = JSON.parse(readRepo('package.json')) as { engines: { node: string } };
    assert.match(readRepo('dolphin'), new RegExp(`^node_wanted=${engines.node.replace('>=', '')}$`, 'm'));
  });
});

describe('tsconfig.json files', () => {
  test('have each build of a package noted where bundles of programs are held to it', () => {
    for (const dir of packageDirs().filter((each) => /^(libs|services)\//.test(each))) {
      const { compilerOptions } = JSON.parse(readRepo(`${dir}/tsconfig.json`)) as {
        compilerOptions: { tsBuildInfoFile?: string };
      };
      assert.equal(compilerOptions.tsBuildInfoFile, 'dist/.tsbuildinfo', dir);
    }
  });
});

describe('package-lock.json', () => {
  test('holds no download address', () => {
    const resolved = Object.entries(lock.packages).filter(([, row]) => row.resolved !== undefined && !row.link);
    assert.deepEqual(resolved, []);
  });

  test('locks the optional packages of all platforms: npm ci refuses a lock without them', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, row]) =>
      Object.keys(row.optionalDependencies ?? {}).filter(
        (name) => !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
      ),
    );
    assert.deepEqual(missing, []);
  });

  test('locks what each package.json asks for', () => {
    for (const dir of ['', ...packageDirs()]) {
      const manifest = JSON.parse(readRepo(`${dir || '.'}/package.json`)) as Record<string, unknown>;
      const locked = lock.packages[dir] as unknown as Record<string, unknown>;
      assert.deepEqual(locked['dependencies'], manifest['dependencies'], `dependencies of ${dir || 'the root'}`);
      assert.deepEqual(
        locked['devDependencies'],
        manifest['devDependencies'],
        `devDependencies of ${dir || 'the root'}`,
      );
    }
  });
});
