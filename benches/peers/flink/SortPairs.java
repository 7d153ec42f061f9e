import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.apache.flink.api.common.functions.MapPartitionFunction;
import org.apache.flink.api.common.operators.Order;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.DataSet;
import org.apache.flink.api.java.ExecutionEnvironment;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple6;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.util.Collector;

/** Sorts the pairs with the DataSet API, whose sort works on serialized records in managed memory and spills. */
@SuppressWarnings("deprecation")
final class SortPairs {
    /** Unlimited managed memory as a multiple of the data: enough for the data with Flink's own index. */
    private static final long AMPLE = 3;

    private final Path pairs;
    private final int parallelism;
    private final Configuration configuration = new Configuration();

    SortPairs(Path pairs, int parallelism, Long memoryBytes) {
        this.pairs = pairs;
        this.parallelism = parallelism;
        MemorySize managed = new MemorySize(memoryBytes == null ? pairs.toFile().length() * AMPLE : memoryBytes);
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, managed);
        configuration.set(TaskManagerOptions.NUM_TASK_SLOTS, parallelism);
        configuration.set(CoreOptions.TMP_DIRS, System.getProperty("java.io.tmpdir"));
    }

    /** The row of benches/src/checksum.rs. */
    String run() throws Exception {
        ExecutionEnvironment env = ExecutionEnvironment.createLocalEnvironment(configuration);
        env.setParallelism(parallelism);
        env.getConfig().enableObjectReuse();
        PairsFormat format = new PairsFormat();
        format.setFilePath(pairs.toUri().toString());
        DataSet<Tuple2<Long, Double>> input = env.createInput(format, Types.TUPLE(Types.LONG, Types.DOUBLE));
        // partitionByRange would sample its input first, and so write and read all of it once more. Given ranges avoid that: keys are
        // uniform.
        DataSet<Tuple6<Long, Long, Long, Boolean, Long, Long>> parts = input
                .partitionCustom((Long key, int tasks) -> (int) (((key >> 32) + (1L << 31)) * tasks >> 32), 0)
                .sortPartition(0, Order.ASCENDING)
                .mapPartition(new Consume());
        return row(parts.collect());
    }

    /** Consumes the pairs of a task. Returns first and last key, rows, whether in order, sum of keys, sum of products. */
    public static final class Consume
            implements MapPartitionFunction<Tuple2<Long, Double>, Tuple6<Long, Long, Long, Boolean, Long, Long>> {
        @Override
        public void mapPartition(
                Iterable<Tuple2<Long, Double>> pairs, Collector<Tuple6<Long, Long, Long, Boolean, Long, Long>> out) {
            long first = 0;
            long last = Long.MIN_VALUE;
            long rows = 0;
            boolean inOrder = true;
            long keySum = 0;
            long productSum = 0;
            for (Tuple2<Long, Double> pair : pairs) {
                long key = pair.f0;
                first = rows == 0 ? key : first;
                inOrder &= last <= key;
                last = key;
                rows++;
                keySum += key;
                productSum += key * Double.doubleToRawLongBits(pair.f1);
            }
            if (rows > 0) {
                out.collect(Tuple6.of(first, last, rows, inOrder, keySum, productSum));
            }
        }
    }

    private static String row(List<Tuple6<Long, Long, Long, Boolean, Long, Long>> parts) {
        parts.sort(Comparator.comparingLong(part -> part.f0));
        long rows = 0;
        boolean inOrder = true;
        long last = Long.MIN_VALUE;
        long keySum = 0;
        long productSum = 0;
        for (Tuple6<Long, Long, Long, Boolean, Long, Long> part : parts) {
            inOrder &= part.f3 && last <= part.f0;
            last = part.f1;
            rows += part.f2;
            keySum += part.f4;
            productSum += part.f5;
        }
        String unsigned = Long.toUnsignedString(keySum) + "\t" + Long.toUnsignedString(productSum);
        return rows + "\t" + (inOrder ? 1 : 0) + "\t" + unsigned;
    }
}
