"""Builds models in XML as OpenVINO and JPMML write them."""

SCHEMA = "http://www.dmg.org/PMML-4_4"


def openvino(version="opset1", offset=0, size=64, edge=1, kind="MatMul", before=""):
    """A network of OpenVINO with three layers."""
    return f"""<?xml version="1.0"?>
{before}<net name="torch_jit" version="11">
	<layers>
		<layer id="0" name="x" type="Parameter" version="opset1">
			<data shape="?,4" element_type="f32" />
		</layer>
		<layer id="1" name="w" type="Const" version="opset1">
			<data element_type="f32" shape="4, 4" offset="{offset}" size="{size}" />
		</layer>
		<layer id="2" name="y" type="{kind}" version="{version}" />
	</layers>
	<edges>
		<edge from-layer="0" from-port="0" to-layer="2" to-port="0" />
		<edge from-layer="{edge}" from-port="0" to-layer="2" to-port="1" />
	</edges>
	<rt_info><Runtime_version value="2024.6.0" /></rt_info>
</net>
""".encode()


def pmml(function="+", before="", root="PMML", defined=""):
    """A document of PMML with one derived field."""
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
{before}<{root} xmlns="{SCHEMA}" xmlns:ns0="{SCHEMA}" version="4.4">
  <Header><Application name="SkLearn2PMML package" version="0.111.1"/></Header>
  <DataDictionary><DataField name="x" optype="continuous" dataType="double"/></DataDictionary>
  <TransformationDictionary>{defined}
    <DerivedField name="z" optype="continuous" dataType="double">
      <Apply function="{function}"><FieldRef field="x"/><Constant>1</Constant></Apply>
    </DerivedField>
  </TransformationDictionary>
</{root}>
""".encode()


EXTERNAL = '<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
NESTED = '<!DOCTYPE net [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>\n'
SAMPLES = {"openvino": openvino, "pmml": pmml}
