package json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Reads and writes JSON, which Java's standard library does not. Copy it as it is, or use your library.
 *
 * <p>Values are {@code Map<String, Object>}, {@code List<Object>}, String, Long, Double, Boolean and null.
 */
public final class Json {
  private static final int MAX_DEPTH = 200;

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /** Makes an object of keys and values in turn. */
  public static Map<String, Object> object(Object... keysAndValues) {
    Map<String, Object> made = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      made.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return made;
  }

  /** Writes a value on one line. */
  public static String write(Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(entry -> quoted((String) entry.getKey()) + ":" + write(entry.getValue()))
          .collect(Collectors.joining(",", "{", "}"));
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Json::write).collect(Collectors.joining(",", "[", "]"));
    }
    return value instanceof String string ? quoted(string) : String.valueOf(value);
  }

  private static String quoted(String value) {
    StringBuilder made = new StringBuilder("\"");
    for (char c : value.toCharArray()) {
      if (c == '"' || c == '\\') {
        made.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        made.append(String.format("\\u%04x", (int) c));
      } else {
        made.append(c);
      }
    }
    return made.append('"').toString();
  }

  /**
   * Reads one value.
   *
   * @throws IllegalArgumentException if the text is not JSON
   */
  public static Object parse(String text) {
    Json json = new Json(text);
    try {
      Object value = json.value(0);
      if (json.peek() != '\0') {
        throw json.error("the end");
      }
      return value;
    } catch (StringIndexOutOfBoundsException end) {
      throw new IllegalArgumentException("not JSON: it ends too early", end);
    }
  }

  private Object value(int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException("not read: JSON nested deeper than " + MAX_DEPTH);
    }
    return switch (peek()) {
      case '{' -> readObject(depth);
      case '[' -> readList(depth);
      case '"' -> readString();
      case 't' -> word("true", true);
      case 'f' -> word("false", false);
      case 'n' -> word("null", null);
      default -> readNumber();
    };
  }

  private Map<String, Object> readObject(int depth) {
    Map<String, Object> made = new LinkedHashMap<>();
    for (skip('{'); peek() != '}'; ) {
      String key = readString();
      skip(':');
      made.put(key, value(depth + 1));
      if (peek() != '}') {
        skip(',');
      }
    }
    skip('}');
    return made;
  }

  private List<Object> readList(int depth) {
    List<Object> made = new ArrayList<>();
    for (skip('['); peek() != ']'; ) {
      made.add(value(depth + 1));
      if (peek() != ']') {
        skip(',');
      }
    }
    skip(']');
    return made;
  }

  private String readString() {
    skip('"');
    StringBuilder made = new StringBuilder();
    for (char c = text.charAt(at++); c != '"'; c = text.charAt(at++)) {
      made.append(c == '\\' ? escaped(text.charAt(at++)) : c);
    }
    return made.toString();
  }

  private char escaped(char c) {
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'u' -> (char) Integer.parseInt(text.substring(at, at += 4), 16);
      default -> c;
    };
  }

  private Object readNumber() {
    int from = at;
    while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String number = text.substring(from, at);
    if (number.isEmpty()) {
      throw error("a value");
    }
    return number.matches("-?\\d{1,18}") ? (Object) Long.valueOf(number) : (Object) Double.valueOf(number);
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) {
      throw error("a value");
    }
    at += word.length();
    return value;
  }

  private void skip(char wanted) {
    if (peek() != wanted) {
      throw error("'" + wanted + "'");
    }
    at++;
  }

  /** The next character that is no space; NUL at the end. */
  private char peek() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private IllegalArgumentException error(String wanted) {
    return new IllegalArgumentException("not JSON: expected " + wanted + " at character " + at);
  }
}
