/** Writes a Parquet file row group by row group; it appears under its name only when it is complete. */
import { rename, rm } from 'node:fs/promises';
import type { SchemaElement } from 'hyparquet';
import type { ColumnSource, ParquetWriter } from 'hyparquet-writer';

export type ColumnType = 'text' | 'float' | 'integer' | 'time';

export interface ColumnPlan {
  readonly name: string;
  readonly type: ColumnType;
  /** Nulls are allowed. */
  readonly optional?: boolean;
}

/** Rows of a row group: small enough to be decoded at once. */
const GROUP_ROWS = 32_768;

export class TableWriter implements AsyncDisposable {
  rows = 0;
  readonly #path: string;
  readonly #plan: readonly ColumnPlan[];
  readonly #writer: ParquetWriter;
  #done = false;

  private constructor(path: string, plan: readonly ColumnPlan[], writer: ParquetWriter) {
    this.#path = path;
    this.#plan = plan;
    this.#writer = writer;
  }

  /** `metadata` becomes key-value metadata of the file. */
  static async create(
    path: string,
    plan: readonly ColumnPlan[],
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<TableWriter> {
    const { fileWriter, ParquetWriter } = await import('hyparquet-writer');
    const schema: SchemaElement[] = [{ name: 'root', num_children: plan.length }, ...plan.map(elementOf)];
    const writer = new ParquetWriter({
      writer: fileWriter(partial(path)),
      schema,
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      createdBy: 'wyckoff',
    });
    return new TableWriter(path, plan, writer);
  }

  /** Appends rows given as columns, in the order of the plan. Times are epoch milliseconds, or the same in 64 bits. */
  async write(columns: readonly ArrayLike<unknown>[]): Promise<void> {
    const rows = columns[0]?.length ?? 0;
    if (rows === 0) return;
    const columnData: ColumnSource[] = this.#plan.map(({ name, type }, i) => ({ name, data: valuesOf(type, columns[i]) }));
    await this.#writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    this.rows += rows;
  }

  /** Completes the file and gives it its name. */
  async finish(): Promise<void> {
    await this.#writer.finish();
    await rename(partial(this.#path), this.#path);
    this.#done = true;
  }

  /** What was not finished is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#done) await rm(partial(this.#path), { force: true });
  }
}

function partial(path: string): string {
  return `${path}.partial`;
}

function elementOf(plan: ColumnPlan): SchemaElement {
  const repetition_type = plan.optional === true ? 'OPTIONAL' : 'REQUIRED';
  switch (plan.type) {
    case 'text':
      return { name: plan.name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type };
    case 'float':
      return { name: plan.name, type: 'DOUBLE', repetition_type };
    case 'integer':
      return { name: plan.name, type: 'INT32', repetition_type };
    case 'time':
      return { name: plan.name, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type };
  }
}

function valuesOf(type: ColumnType, values: ArrayLike<unknown>): ColumnSource['data'] {
  if (type === 'time' && values instanceof BigInt64Array) return values;
  if (type === 'time') return Array.from(values, (value) => (value === null ? null : BigInt(value as number)));
  return Array.isArray(values) || values instanceof Float64Array ? (values as ColumnSource['data']) : Array.from(values);
}
