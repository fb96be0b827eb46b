import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.io.stream.StreamOutput;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.SecureSettings;
import org.elasticsearch.common.settings.SecureString;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * One real Elasticsearch node for tests, on the loopback interface.
 *
 * <p>Arguments: HOME PORT DATA_FOLDER [setting=value ...] [secure:setting=value ...]. HOME holds lib/, modules/ and
 * config/log4j2.properties. DATA_FOLDER/ready is written once HTTP answers; SIGTERM closes the node.
 */
public class EsNode {
  /** Secure settings from the command line instead of a keystore file: passwords of tests only. */
  record Secure(Map<String, String> values) implements SecureSettings {
    public boolean isLoaded() {
      return true;
    }

    public Set<String> getSettingNames() {
      return values.keySet();
    }

    public SecureString getString(String name) {
      return new SecureString(values.get(name).toCharArray());
    }

    public InputStream getFile(String name) {
      return new ByteArrayInputStream(bytes(name));
    }

    public byte[] getSHA256Digest(String name) throws java.security.GeneralSecurityException {
      return MessageDigest.getInstance("SHA-256").digest(bytes(name));
    }

    public void writeTo(StreamOutput out) {
      throw new UnsupportedOperationException("one node only");
    }

    public void close() {}

    private byte[] bytes(String name) {
      return values.get(name).getBytes(StandardCharsets.UTF_8);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]).toAbsolutePath();
    String port = arguments[1];
    Path folder = Path.of(arguments[2]).toAbsolutePath();

    System.setProperty("es.logs.base_path", folder.toString());
    LogConfigurator.configureESLogging();
    LogConfigurator.setNodeName("test");
    LogConfigurator.setClusterName("test");
    for (String name : List.of("config", "modules", "plugins")) {
      Files.createDirectories(home.resolve(name));
    }

    Map<String, String> secure = new TreeMap<>();
    secure.put("keystore.seed", "0123456789abcdefghij");
    Settings.Builder settings =
        Settings.builder()
            .put("path.home", home.toString())
            .put("path.data", folder.resolve("data").toString())
            .put("path.logs", folder.resolve("logs").toString())
            .put("cluster.name", "test")
            .put("node.name", "test")
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.port", port)
            .put("transport.port", "0")
            .put("cluster.routing.allocation.disk.threshold_enabled", false);
    for (String argument : Arrays.asList(arguments).subList(3, arguments.length)) {
      String[] parts = argument.split("=", 2);
      if (parts[0].startsWith("secure:")) {
        secure.put(parts[0].substring("secure:".length()), parts[1]);
      } else {
        settings.put(parts[0], parts[1]);
      }
    }
    settings.setSecureSettings(new Secure(secure));

    var environment =
        InternalSettingsPreparer.prepareEnvironment(
            settings.build(), Map.of(), home.resolve("config"), () -> "test");
    LogConfigurator.registerErrorListener();
    LogConfigurator.configure(environment, true);
    var modules = PluginsLoader.loadModulesBundles(environment.modulesDir(), false);
    var plugins = PluginsLoader.loadPluginsBundles(environment.pluginsDir(), false);
    Node node = new Node(environment, PluginsLoader.createPluginsLoader(modules, plugins, Map.of()));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
    node.start();
    Files.writeString(folder.resolve("ready"), port);
    new CountDownLatch(1).await();
  }

  private static void close(Node node) {
    try {
      node.prepareForClose();
      node.close();
    } catch (Exception error) {
      error.printStackTrace();
    }
  }
}
