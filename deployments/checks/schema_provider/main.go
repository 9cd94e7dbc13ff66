// A provider that knows the schema of hashicorp/aws and nothing else: it reads it from the file that
// GRIDCAST_PROVIDER_SCHEMA names. With it Terraform validates and plans where the real provider cannot
// be fetched, and no account is needed. What AWS itself would refuse, it cannot know.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type attribute struct {
	Type      json.RawMessage `json:"type"`
	Required  bool            `json:"required"`
	Optional  bool            `json:"optional"`
	Computed  bool            `json:"computed"`
	WriteOnly bool            `json:"write_only"`
}

type nested struct {
	Single bool  `json:"single"`
	Block  block `json:"block"`
}

type block struct {
	Attributes map[string]attribute `json:"attributes"`
	Blocks     map[string]nested    `json:"blocks"`
}

type catalogue struct {
	Provider  block            `json:"provider"`
	Resources map[string]block `json:"resources"`
	Data      map[string]block `json:"data"`
	Ephemeral map[string]block `json:"ephemeral"`
}

func main() {
	content, err := os.ReadFile(os.Getenv("GRIDCAST_PROVIDER_SCHEMA"))
	if err != nil {
		log.Fatal(err)
	}
	var known catalogue
	if err := json.Unmarshal(content, &known); err != nil {
		log.Fatal(err)
	}
	err = tf6server.Serve("registry.terraform.io/hashicorp/aws", func() tfprotov6.ProviderServer {
		return &server{known: known}
	})
	if err != nil {
		log.Fatal(err)
	}
}

func (b block) schema() *tfprotov6.Schema {
	return &tfprotov6.Schema{Block: b.protocol()}
}

func (b block) protocol() *tfprotov6.SchemaBlock {
	result := &tfprotov6.SchemaBlock{}
	for name, a := range b.Attributes {
		kind, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck
		if err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		result.Attributes = append(result.Attributes, &tfprotov6.SchemaAttribute{
			Name: name, Type: kind, Required: a.Required, Optional: a.Optional, Computed: a.Computed,
			WriteOnly: a.WriteOnly,
		})
	}
	for name, n := range b.Blocks {
		found := &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: n.Block.protocol(),
			Nesting: tfprotov6.SchemaNestedBlockNestingModeList,
		}
		if n.Single {
			found.MaxItems = 1
		}
		result.BlockTypes = append(result.BlockTypes, found)
	}
	return result
}

func schemas(blocks map[string]block) map[string]*tfprotov6.Schema {
	result := map[string]*tfprotov6.Schema{}
	for name, b := range blocks {
		result[name] = b.schema()
	}
	return result
}
