import java.io.BufferedReader;
import java.io.FileWriter;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Serves Flink's cases over the line protocol that benches/README.md describes.
 *
 * <p>usage: Worker sort --text file --tpch folder --tables folder --parallelism n [--memory bytes]
 */
public final class Worker {
    public static void main(String[] arguments) throws Exception {
        PrintStream replies = System.out;
        // Output of libraries must not disturb the protocol.
        System.setOut(System.err);
        Map<String, String> options = options(arguments);
        Path pairs = Path.of(options.get("tables"), "pairs.bin");
        int parallelism = Integer.parseInt(options.get("parallelism"));
        String memory = options.get("memory");
        LinkedBlockingQueue<String[]> requests = readRequests();
        SortPairs sort = new SortPairs(pairs, parallelism, memory == null ? null : Long.valueOf(memory));
        replies.println("ready");
        while (true) {
            replies.println(serve(sort, requests.take()));
        }
    }

    private static Map<String, String> options(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i].substring(2), arguments[i + 1]);
        }
        return options;
    }

    /** Reads requests on a separate thread. When the harness ends, its pipe closes and this process ends. */
    private static LinkedBlockingQueue<String[]> readRequests() {
        LinkedBlockingQueue<String[]> requests = new LinkedBlockingQueue<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    requests.add(line.trim().split("\\s+"));
                }
            } catch (Exception closed) {
                // Treated like the end of the input.
            }
            Runtime.getRuntime().halt(0);
        });
        reader.setDaemon(true);
        reader.start();
        return requests;
    }

    private static String serve(SortPairs sort, String[] request) {
        try {
            long start = System.nanoTime();
            String row = sort.run();
            double seconds = (System.nanoTime() - start) / 1e9;
            if (request[0].equals("answer")) {
                try (FileWriter file = new FileWriter(request[2], StandardCharsets.UTF_8)) {
                    file.write(row + "\n");
                }
            }
            return String.format("{\"case\": \"%s\", \"seconds\": %.9f, \"rows\": 1}", request[1], seconds);
        } catch (Throwable failure) {
            return "{\"error\": \"" + escaped(messages(failure)) + "\"}";
        }
    }

    /** Returns the innermost cause, because Flink wraps errors several times. */
    private static String messages(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause);
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\p{Cntrl}", " ");
    }
}
