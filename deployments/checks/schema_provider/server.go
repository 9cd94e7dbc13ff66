package main

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// What is not written here is never called by validate and plan.
type server struct {
	tfprotov6.ProviderServer
	known catalogue
}

func (s *server) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return &tfprotov6.GetMetadataResponse{ServerCapabilities: &tfprotov6.ServerCapabilities{}}, nil
}

func (s *server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		Provider:                 s.known.Provider.schema(),
		ResourceSchemas:          schemas(s.known.Resources),
		DataSourceSchemas:        schemas(s.known.Data),
		EphemeralResourceSchemas: schemas(s.known.Ephemeral),
	}, nil
}

func (s *server) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) ValidateProviderConfig(_ context.Context, asked *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: asked.Config}, nil
}

func (s *server) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (s *server) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (s *server) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (s *server) ValidateEphemeralResourceConfig(context.Context, *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return &tfprotov6.ValidateEphemeralResourceConfigResponse{}, nil
}

func (s *server) ReadDataSource(_ context.Context, asked *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	state, err := fill(s.known.Data[asked.TypeName], asked.Config, madeUp)
	return &tfprotov6.ReadDataSourceResponse{State: state}, err
}

func (s *server) OpenEphemeralResource(_ context.Context, asked *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	result, err := fill(s.known.Ephemeral[asked.TypeName], asked.Config, secret)
	return &tfprotov6.OpenEphemeralResourceResponse{Result: result}, err
}

func (s *server) CloseEphemeralResource(context.Context, *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return &tfprotov6.CloseEphemeralResourceResponse{}, nil
}

func (s *server) PlanResourceChange(_ context.Context, asked *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	planned, err := fill(s.known.Resources[asked.TypeName], asked.ProposedNewState, unknown)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: planned}, err
}

func (s *server) ApplyResourceChange(_ context.Context, asked *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	state, err := fill(s.known.Resources[asked.TypeName], asked.PlannedState, madeUp)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: state}, err
}

func (s *server) ReadResource(_ context.Context, asked *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: asked.CurrentState}, nil
}

func (s *server) UpgradeResourceState(_ context.Context, asked *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	kind := s.known.Resources[asked.TypeName].schema().ValueType()
	value, err := asked.RawState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(kind, value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

// What a computed attribute without a value is given: an unknown one in a plan, a made-up one where a
// value must be there, a made-up secret from an ephemeral resource, which must not reach a state.
type filling int

const (
	unknown filling = iota
	madeUp
	secret
)

// fill gives values to computed attributes that have none and takes out what is write-only.
func fill(b block, given *tfprotov6.DynamicValue, with filling) (*tfprotov6.DynamicValue, error) {
	kind := b.schema().ValueType()
	value, err := given.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	attributes := map[string]attribute{}
	collect(b, "", attributes)
	value, err = tftypes.Transform(value, func(path *tftypes.AttributePath, found tftypes.Value) (tftypes.Value, error) {
		is := attributes[named(path)]
		switch {
		case is.WriteOnly:
			return tftypes.NewValue(found.Type(), nil), nil
		case !found.IsKnown() && with != unknown, found.IsNull() && is.Computed:
			return invent(named(path), found.Type(), with), nil
		default:
			return found, nil
		}
	})
	if err != nil {
		return nil, err
	}
	result, err := tfprotov6.NewDynamicValue(kind, value)
	return &result, err
}

func collect(b block, prefix string, attributes map[string]attribute) {
	for name, a := range b.Attributes {
		attributes[prefix+name] = a
	}
	for name, n := range b.Blocks {
		collect(n.Block, prefix+name+".", attributes)
	}
}

// named is the path without the places in lists.
func named(path *tftypes.AttributePath) string {
	var names []string
	for _, step := range path.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}

func invent(name string, kind tftypes.Type, with filling) tftypes.Value {
	// The real provider knows the records that a certificate asks for when it plans: lists of objects
	// have one element whose texts are known.
	list, isList := kind.(tftypes.List)
	if isList {
		if object, ok := list.ElementType.(tftypes.Object); ok {
			values := map[string]tftypes.Value{}
			for inner, of := range object.AttributeTypes {
				values[inner] = invent(inner, of, madeUp)
			}
			return tftypes.NewValue(list, []tftypes.Value{tftypes.NewValue(object, values)})
		}
	}
	switch {
	case with == unknown:
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	case kind.Is(tftypes.String) && strings.HasSuffix(name, "arn"):
		return tftypes.NewValue(kind, "arn:aws:made:up:111122223333:thing:up")
	case kind.Is(tftypes.String) && with == secret && name == "random_password":
		return tftypes.NewValue(kind, "made-up-secret")
	case kind.Is(tftypes.String) && with == secret && name == "secret_string":
		return tftypes.NewValue(kind, `{"password": "made-up-secret"}`)
	case kind.Is(tftypes.String):
		return tftypes.NewValue(kind, "made-up")
	case kind.Is(tftypes.Number):
		return tftypes.NewValue(kind, 1)
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, false)
	case isList && list.ElementType.Is(tftypes.String):
		text := invent(name, list.ElementType, with)
		return tftypes.NewValue(kind, []tftypes.Value{text, text, text})
	default:
		return tftypes.NewValue(kind, nil)
	}
}
