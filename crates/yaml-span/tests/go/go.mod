module answers

go 1.26

require (
	go.yaml.in/yaml/v2 v2.4.2
	gopkg.in/yaml.v3 v3.0.1
)
