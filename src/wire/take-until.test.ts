import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate as nextTick } from 'node:timers/promises';
import { takeUntil } from './take-until.ts';

const never = new Promise<never>(() => undefined);
const NEVER = new AbortController().signal;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) taken.push(item);
  return taken;
}

/** A source that says what was asked of it; behind its items it waits for ever. */
class Source<T> implements AsyncIterable<T>, AsyncIterator<T> {
  readonly asked: string[] = [];
  readonly #items: T[];

  constructor(...items: T[]) {
    this.#items = items;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    this.asked.push('next');
    const [value] = this.#items.splice(0, 1);
    return value === undefined ? never : Promise.resolve({ value, done: false });
  }

  return(): Promise<IteratorResult<T>> {
    this.asked.push('return');
    return never;
  }
}

test('a source that ends is passed on whole', async () => {
  async function* source(): AsyncGenerator<number> {
    yield* [1, 2, 3];
  }
  assert.deepEqual(await all(takeUntil(source(), NEVER)), [1, 2, 3]);
});

test('a source that waits for ever is left when it is over, and told so', async () => {
  const over = new AbortController();
  const source = new Source('a');
  const taken = all(takeUntil(source, over.signal));
  await nextTick();
  over.abort();
  assert.deepEqual(await taken, ['a']);
  assert.deepEqual(source.asked, ['next', 'next', 'return']);
});

test('when it is over while an item is looked at, no other one is asked for', async () => {
  const over = new AbortController();
  const source = new Source('a', 'b');
  for await (const item of takeUntil(source, over.signal)) {
    assert.equal(item, 'a');
    over.abort();
  }
  assert.deepEqual(source.asked, ['next', 'return']);
});

test('whoever stops reading stops the source, and its failure is passed on', async () => {
  const source = new Source('a', 'b');
  for await (const _ of takeUntil(source, NEVER)) break;
  assert.deepEqual(source.asked, ['next', 'return']);
  const failure = new Error('the file is gone');
  const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }) };
  await assert.rejects(all(takeUntil(failing, NEVER)), failure);
});

test('nobody listens any more once a source has ended, was left, or has failed', async () => {
  const { signal } = new AbortController();
  const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('gone')) }) };
  for (let time = 0; time < 3; time++) {
    for await (const _ of takeUntil(new Source('a'), signal)) break;
    await all(takeUntil(failing, signal)).catch(() => undefined);
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});
