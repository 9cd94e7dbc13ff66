import io.delta.storage.S3SingleDriverLogStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.util.Arrays;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.s3a.RemoteFileChangedException;

/**
 * Delta's log on S3 for any number of writers: a commit is put with "If-None-Match: *", so where two
 * processes want the same version, S3 itself refuses the second, which then sees what the first did.
 */
public class PutIfAbsent extends S3SingleDriverLogStore {
    public PutIfAbsent(Configuration conf) {
        super(conf);
    }

    public void write(Path path, Iterator actions, Boolean overwrite, Configuration conf)
            throws IOException {
        if (overwrite.booleanValue()) {
            super.write(path, actions, overwrite, conf);
            return;
        }
        FileSystem files = path.getFileSystem(conf);
        if (files.exists(path)) {
            throw new FileAlreadyExistsException(path.toString());
        }
        StringBuilder lines = new StringBuilder();
        while (actions.hasNext()) {
            lines.append((String) actions.next()).append('\n');
        }
        byte[] content = lines.toString().getBytes(StandardCharsets.UTF_8);
        try {
            FSDataOutputStream out = (FSDataOutputStream) files.createFile(path)
                .must("fs.option.create.conditional.overwrite", true)
                .build();
            out.write(content);
            out.close();
        } catch (RemoteFileChangedException refused) {
            if (!isThere(files, path, content)) {
                throw new FileAlreadyExistsException(path.toString());
            }
        }
    }

    /** An answer that was lost on its way is asked for again, and then the condition fails. */
    private static boolean isThere(FileSystem files, Path path, byte[] content)
            throws IOException {
        FSDataInputStream in = files.open(path);
        try {
            return Arrays.equals(in.readAllBytes(), content);
        } finally {
            in.close();
        }
    }
}
