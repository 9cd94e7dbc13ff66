"""Makes the sessions that a process opens from now on refuse what does not only read."""

from pathlib import Path

from pyspark.sql import SparkSession

_EXTENSION = Path(__file__).with_name("ReadOnly.java")
#: They call any Java method by name: System.exit, say.
_CALLS_OF_JAVA = ("reflect", "java_method", "try_reflect")


def make_new_sessions_read_only(spark: SparkSession) -> None:
    """The session itself stays as it is; those opened beside it let nothing else through."""
    session, jvm = spark._jsparkSession, spark._jvm
    gateway = spark.sparkContext._gateway
    assert jvm is not None and gateway is not None
    session.sessionState().sqlParser()  # made now, it is made without the extension
    compiler = jvm.org.codehaus.janino.SimpleCompiler()
    compiler.setParentClassLoader(jvm.java.lang.Thread.currentThread().getContextClassLoader())
    compiler.cook(_EXTENSION.read_text())
    extension = compiler.getClassLoader().loadClass("ReadOnly").getConstructors()[0]
    nothing = gateway.new_array(jvm.Object, 0)
    session.extensions().injectParser(extension.newInstance(nothing))
    builtin = jvm.org.apache.spark.sql.catalyst.analysis.FunctionRegistry.builtin()
    for name in _CALLS_OF_JAVA:
        builtin.dropFunction(jvm.org.apache.spark.sql.catalyst.FunctionIdentifier(name))
