import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.parser.ParameterContext;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.InsertIntoDir;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.ParsedStatement;
import org.apache.spark.sql.catalyst.plans.logical.ScriptTransformation;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * A Spark SQL extension: puts a parser that refuses what does not only read before the session's
 * own. Every statement that comes over the wire is parsed first, so none gets round it.
 *
 * The compiler that Spark brings for its generated code (Janino) compiles this file at start.
 */
public class ReadOnly extends scala.runtime.AbstractFunction2 {
  public Object apply(Object session, Object parser) {
    return new ReadingParser((ParserInterface) parser);
  }
}

class ReadingParser implements ParserInterface {
  private static final String REFUSED =
      "This server is read only: it answers queries, SHOW, DESCRIBE, EXPLAIN, USE and SET. "
      + "Tables are changed by gridcast's own commands ('gridcast run', 'backfill', 'rebuild', "
      + "'promote'); a copy to change is written by 'gridcast export'.";
  private final ParserInterface parser;

  ReadingParser(ParserInterface parser) {
    this.parser = parser;
  }

  public LogicalPlan parsePlan(String text) throws ParseException {
    return reading(text, parser.parsePlan(text));
  }

  public LogicalPlan parsePlanWithParameters(String text, ParameterContext parameters)
      throws ParseException {
    return reading(text, parser.parsePlanWithParameters(text, parameters));
  }

  private LogicalPlan reading(String text, LogicalPlan plan) {
    if (tells(plan) || (!writes(plan) && isQuery(text))) {
      return plan;
    }
    throw new UnsupportedOperationException(REFUSED);
  }

  /** Statements about tables or about the connection itself. */
  private static boolean tells(LogicalPlan plan) {
    String kind = plan.getClass().getSimpleName();
    return kind.startsWith("Show") || kind.startsWith("Describe") || kind.equals("ExplainCommand")
        || kind.equals("SetCatalogAndNamespace") || kind.equals("SetNamespaceCommand")
        || kind.equals("SetCommand") || kind.equals("ResetCommand");
  }

  /**
   * Whether a statement that begins like a query does more, in any part of it: FROM a INSERT INTO b
   * SELECT; or TRANSFORM, which starts a program of this machine.
   */
  private static boolean writes(LogicalPlan plan) {
    return plan instanceof Command || plan instanceof ParsedStatement
        || plan instanceof InsertIntoDir || plan instanceof ScriptTransformation
        || anyWrites(plan.children()) || anyWrites(plan.innerChildren())
        || anyWrites(plan.subqueries());
  }

  private static boolean anyWrites(scala.collection.immutable.Seq parts) {
    scala.collection.Iterator each = parts.iterator();
    while (each.hasNext()) {
      Object part = each.next();
      if (part instanceof LogicalPlan && writes((LogicalPlan) part)) {
        return true;
      }
    }
    return false;
  }

  /** Whether Spark's grammar takes it for a query: what Delta or a later Spark adds is refused. */
  private boolean isQuery(String text) {
    try {
      parser.parseQuery(text);
      return true;
    } catch (Exception fault) {
      return false;
    }
  }

  public LogicalPlan parseQuery(String text) throws ParseException {
    return parser.parseQuery(text);
  }

  public Expression parseExpression(String text) throws ParseException {
    return parser.parseExpression(text);
  }

  public TableIdentifier parseTableIdentifier(String text) throws ParseException {
    return parser.parseTableIdentifier(text);
  }

  public FunctionIdentifier parseFunctionIdentifier(String text) throws ParseException {
    return parser.parseFunctionIdentifier(text);
  }

  public scala.collection.immutable.Seq parseMultipartIdentifier(String text)
      throws ParseException {
    return parser.parseMultipartIdentifier(text);
  }

  public StructType parseRoutineParam(String text) throws ParseException {
    return parser.parseRoutineParam(text);
  }

  public StructType parseTableSchema(String text) throws ParseException {
    return parser.parseTableSchema(text);
  }

  public DataType parseDataType(String text) throws ParseException {
    return parser.parseDataType(text);
  }
}
