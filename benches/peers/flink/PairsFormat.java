import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.flink.api.common.io.FileInputFormat;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.fs.FileInputSplit;

/** Reads little-endian pairs of a key and a value without separators. Flink's own formats are tagged, or text. */
public final class PairsFormat extends FileInputFormat<Tuple2<Long, Double>> {
    private static final int PAIR_BYTES = 16;
    private static final int BUFFER_BYTES = 256 << 10;

    private transient ByteBuffer buffer;
    private transient long position;
    private transient long end;

    @Override
    public void open(FileInputSplit split) throws IOException {
        // Splits have arbitrary bounds. A pair belongs to the split in which it begins.
        long start = roundedUp(split.getStart());
        super.open(new FileInputSplit(split.getSplitNumber(), split.getPath(), start, split.getLength(), split.getHostnames()));
        position = start;
        end = roundedUp(split.getStart() + split.getLength());
        buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN).limit(0);
    }

    private static long roundedUp(long offset) {
        return (offset + PAIR_BYTES - 1) / PAIR_BYTES * PAIR_BYTES;
    }

    @Override
    public boolean reachedEnd() throws IOException {
        if (buffer.hasRemaining()) {
            return false;
        }
        if (position >= end) {
            return true;
        }
        int wanted = (int) Math.min(BUFFER_BYTES, end - position);
        int filled = 0;
        while (filled < wanted) {
            int read = stream.read(buffer.array(), filled, wanted - filled);
            if (read < 0) {
                throw new EOFException("the file does not end with a whole pair");
            }
            filled += read;
        }
        position += wanted;
        buffer.position(0).limit(wanted);
        return false;
    }

    @Override
    public Tuple2<Long, Double> nextRecord(Tuple2<Long, Double> reuse) {
        reuse.f0 = buffer.getLong();
        reuse.f1 = buffer.getDouble();
        return reuse;
    }
}
