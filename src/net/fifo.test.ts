import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fifo } from './fifo.ts';

test('property: a Fifo does what an array does', () => {
  const steps = fc.array(fc.constantFrom('push', 'push', 'shift', 'replace', 'drain'), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (names) => {
      const fifo = new Fifo<number>();
      let model: number[] = [];
      for (const [index, name] of names.entries()) {
        if (name === 'push') {
          fifo.push(index);
          model.push(index);
        } else if (name === 'shift') {
          assert.equal(fifo.shift(), model.shift());
        } else if (name === 'replace' && model.length > 0) {
          fifo.replaceFirst(index);
          model[0] = index;
        } else if (name === 'drain') {
          assert.deepEqual(fifo.drain(), model);
          model = [];
        }
        assert.deepEqual([fifo.length, fifo.first(), fifo.last()], [model.length, model[0], model.at(-1)]);
      }
    }),
  );
});
